//! What the API keeps of those who use it: their keys, and what it answered to orders that may
//! come twice.

mod keys;
mod requests;

pub use keys::{ApiKey, KeyScope};
pub use requests::Reserved;
