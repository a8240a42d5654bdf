"""Jobs as workers see them: taken, worked on, and answered."""
