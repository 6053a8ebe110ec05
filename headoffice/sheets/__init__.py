"""Sheets: codes, stores and the stores of clerks as CSV files, in and out."""
