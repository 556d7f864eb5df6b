"""Views of graded work for instructors: the grading summary, the dashboard, the evidence report, and similar submissions."""
