"""HTTP: the requests and responses of API Gateway."""
