"""What instructors and learners see of a submission: nothing that a learner wrote runs, or asks for anything, in their browsers."""
