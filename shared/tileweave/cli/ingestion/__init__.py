"""Files of scenes: read as they come, put in order, sent in parts."""
