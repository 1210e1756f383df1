"""Questions put to the model; each script writes tables, figures and a provenance record under results/."""
