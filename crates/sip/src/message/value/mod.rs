//! The values that headers carry, read on demand and owned: URI, address, Via, parameters
//! (RFC 3261 sections 19, 20 and 25.1). What is written back keeps its escapes.

mod address;
mod escape;
mod params;
mod refer;
mod scalar;
pub(crate) mod scan;
#[cfg(test)]
mod tests;
mod uri;
mod via;

pub use address::{Contacts, NameAddr};
pub use params::Params;
pub use refer::{Event, ReferTo, sipfrag_status};
pub use scalar::{CSeq, RAck, Reason, Refresher, Replaces, SessionExpires};
pub use uri::{Host, Scheme, Uri, UriError};
pub(crate) use uri::{UriParts, host_and_port};
pub use via::{Via, ViaTransport};
