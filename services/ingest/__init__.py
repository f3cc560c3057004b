"""Takes the district's files in, keeps the directory, hosts the home page and sign-in."""
