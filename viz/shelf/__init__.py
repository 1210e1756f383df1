"""The shelf of results: folders that commands have written; a reader of each kind makes figures and tables of it."""
