"""The manager's page, and the HTTP interface behind it that tills and technicians use too."""
