"""HTTP: routing, requests and responses, problem details, GeoJSON and DOT views."""
