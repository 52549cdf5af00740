"""The HTTP edge: requests and responses of API Gateway."""
