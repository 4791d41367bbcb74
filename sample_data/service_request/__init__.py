"""The service request: asked, classified, quoted, approved, delivered, billed, followed up."""
