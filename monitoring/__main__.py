"""Write the table, the monitors and the dashboard: `make monitoring`."""

from monitoring.files import files

for path, made in files().items():
    path.write_text(made)
