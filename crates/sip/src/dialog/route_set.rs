//! Route sets (RFC 3261 12.1, 12.2.1.1): where a request in a dialog goes.
//!
//! Guarantees that a loose first hop leaves the remote target in the Request-URI, and that a
//! strict one (RFC 2543) gets the Request-URI with the remote target at the end of the routes.

use crate::message::{NameAddr, Uri};

/// The Request-URI and Route values of a request, and the URI of its next hop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Routing<'a> {
    pub(crate) request_uri: String,
    pub(crate) routes: std::borrow::Cow<'a, [Box<str>]>,
    pub(crate) next_hop: String,
}

/// Applies a route set to a remote target (12.2.1.1).
pub(crate) fn route<'a>(routes: &'a [Box<str>], remote_target: &str) -> Routing<'a> {
    use std::borrow::Cow;
    let Some(first) = routes.first() else {
        return Routing {
            request_uri: remote_target.to_owned(),
            routes: Cow::Borrowed(&[]),
            next_hop: remote_target.to_owned(),
        };
    };
    // A Record-Route value that cannot be read is left to the target, as if it were loose.
    let first_uri = first.parse::<NameAddr>().ok().map(|address| address.uri);
    match first_uri {
        Some(uri) if !uri.is_loose_router() => {
            let mut rest: Vec<Box<str>> = routes[1..].to_vec();
            rest.push(format!("<{remote_target}>").into());
            Routing {
                request_uri: uri.to_request_uri().to_string(),
                routes: Cow::Owned(rest),
                next_hop: uri.to_string(),
            }
        }
        Some(uri) => Routing {
            request_uri: remote_target.to_owned(),
            routes: Cow::Borrowed(routes),
            next_hop: uri.to_string(),
        },
        None => Routing {
            request_uri: remote_target.to_owned(),
            routes: Cow::Borrowed(routes),
            next_hop: remote_target.to_owned(),
        },
    }
}

/// Whether a URI can be a Request-URI of ours: it can be read and is a SIP one.
pub(crate) fn is_usable(target: &str) -> bool {
    Uri::parse(target).is_ok_and(|uri| uri.is_sip())
}
