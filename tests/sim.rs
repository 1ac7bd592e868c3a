//! The simulation (placeholder).
