//! Names that the user agent core gives to what it keeps for its user.
//!
//! Guarantees that an id is never given twice in the life of a core, so a late one can only miss.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u64);

        impl $name {
            /// The number behind the id: for logs and test doubles.
            pub fn number(self) -> u64 {
                self.0
            }

            /// An id with this number: for test doubles. The core only knows those it gave.
            pub fn from_number(number: u64) -> $name {
                $name(number)
            }
        }
    )*};
}

ids! {
    /// An INVITE that a peer sent outside a dialog and that still waits for its final response.
    InviteId,
    /// An INVITE that we sent outside a dialog.
    OutInviteId,
    /// A dialog (RFC 3261 12), early or confirmed.
    DialogId,
    /// A request of ours other than INVITE, ACK, BYE and CANCEL.
    ClientRequestId,
    /// A peer's request other than INVITE, ACK, BYE and CANCEL, which waits for `respond`.
    ServerRequestId,
    /// A name that the core asked to have resolved (RFC 3263).
    ResolveId,
}
