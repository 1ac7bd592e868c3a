//! Cold transfers (D10, D12, D14): by order and by REFER, answered, returned, given up, twice.

mod answered;
mod together;
mod unanswered;
