//! Threads calls into conversations (R0-R9).
