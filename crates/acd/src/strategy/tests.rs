//! What every strategy is held to.
