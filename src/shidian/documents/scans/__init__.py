"""Scanned and photographed sheets: pages out of files, marks read, sheets told apart; knows no model and no setting."""
