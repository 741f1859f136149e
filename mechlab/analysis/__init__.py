"""What is computed beyond a search: sweeps, decompositions, replications, transfer, comparisons."""
