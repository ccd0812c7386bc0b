//! Statistics on tables of numbers: confusion, ROC, calibration, intervals.
