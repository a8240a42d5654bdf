"""SQS, over boto3."""
