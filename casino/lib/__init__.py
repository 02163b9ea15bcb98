"""The ground floor: pure helpers that import nothing of ours and no framework."""
