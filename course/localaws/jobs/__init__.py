"""Runs jobs of any service: threads, boxes, overlays, and data from and to S3. Nothing here knows SageMaker.

`runner.JobRunner` has a pool of threads for one kind of job; a `control.JobControl` runs one job's programs, and stops or abandons it.
`boxes.make_box` makes a box from a `boxes.BoxSpec`. `s3_data` reads and writes S3 with the rights of the job's role, `pipes` streams a
channel, `folder_sync` copies a folder to S3 while the job runs, and `overlay` keeps what a job installs with pip apart from the course's
packages.
"""
