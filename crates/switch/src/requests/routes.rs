//! Who sends an INVITE, and whom it is for: the rules of `interface.md`, "SIP behaviour that
//! scripts rely on". Reads the request, the configuration and the directory; changes nothing.

use std::sync::Arc;

use call::port::{Caller, Code, Control, Destination, LegId};
use model::directory::{Assignment, Directory, Number, User};
use model::phone::Dialled;
use model::{NumberId, UserId};
use sip::flow::Flow;
use sip::message::{HeaderName, NameAddr, Request, Uri};

use crate::config::{SwitchConfig, TrunkConfig};

/// Where a request comes from.
pub(crate) enum Origin<'c, 'd> {
    /// It claims to be a local user's and must be challenged.
    User(&'d User),
    /// It came from the address of a trunk.
    Trunk(&'c TrunkConfig),
    /// Neither.
    Stranger,
}

/// What routing made of an INVITE.
pub(crate) struct Route {
    pub(crate) caller: Caller,
    pub(crate) destination: Destination,
    pub(crate) from_number: Option<Arc<str>>,
    pub(crate) to_number: Option<Arc<str>>,
}

/// Why routing refuses an INVITE; no call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteRefusal {
    /// The Caller ID is none of the user's numbers.
    CallerId,
    /// No trunk takes outbound calls.
    NoTrunk,
}

impl RouteRefusal {
    /// Status and the text of the Warning.
    pub(crate) fn response(self) -> (u16, &'static str) {
        match self {
            Self::CallerId => (403, "Caller ID is not a number of this user or of his groups"),
            Self::NoTrunk => (503, "No trunk takes outbound calls"),
        }
    }
}

/// Finds out who sends a request.
pub(crate) fn origin<'c, 'd>(
    config: &'c SwitchConfig,
    directory: &'d Directory,
    flow: Flow,
    request: &Request,
) -> Origin<'c, 'd> {
    let user = request.headers().from().ok().and_then(|from| {
        let name = from.uri.user_unescaped()?;
        let user = directory.user_by_sip_username(&name)?;
        is_ours(config, &from.uri).then_some(user)
    });
    match user {
        Some(user) => Origin::User(user),
        None => match trunk_of(config, flow) {
            Some(trunk) => Origin::Trunk(trunk),
            None => Origin::Stranger,
        },
    }
}

/// Whether a URI's host is the domain or one of our addresses.
pub(crate) fn is_ours(config: &SwitchConfig, uri: &Uri) -> bool {
    let host = uri.host.to_string();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    std::iter::once(&config.domain).chain(&config.aliases).any(|own| own.eq_ignore_ascii_case(host))
}

fn trunk_of(config: &SwitchConfig, flow: Flow) -> Option<&TrunkConfig> {
    let address = flow.remote.ip();
    config.trunks.iter().find(|trunk| trunk.peers.iter().any(|peer| peer.contains(address)))
}

/// Routes an INVITE that a trunk sent. A trunk reaches provisioned numbers only.
pub(crate) fn from_trunk(trunk: &TrunkConfig, directory: &Directory, request: &Request) -> Route {
    let country = trunk.country.as_deref();
    let identity = caller_identity(request);
    let (number, text) = match identity.shown.as_deref() {
        None => (None, None),
        Some(shown) => match Dialled::read(shown, country) {
            Dialled::Number(number) => (Some(number), None),
            Dialled::ShortCode(_) | Dialled::NotANumber => (None, Some(Arc::from(shown))),
        },
    };
    let from_number = number.as_ref().map(|e164| Arc::from(e164.as_str())).or(text.clone());
    let dialled_text = dialled_user(request);
    let dialled = Dialled::read(&dialled_text, country);
    let provisioned = match &dialled {
        Dialled::Number(number) => directory.number_by_e164(number),
        Dialled::ShortCode(_) | Dialled::NotANumber => None,
    };
    let destination = match provisioned {
        Some(number) => Destination::Number(number.id.clone()),
        None => Destination::Unknown,
    };
    let caller = Caller::External {
        trunk: trunk.name.clone(),
        number,
        text,
        display_name: identity.display.map(Arc::from),
    };
    Route { caller, destination, from_number, to_number: to_number(&dialled, &dialled_text) }
}

/// Routes an INVITE that an authenticated user sent.
///
/// # Errors
/// When the Caller ID may not be used, or no trunk can take the call.
pub(crate) fn from_user(
    config: &SwitchConfig,
    directory: &Directory,
    user: &User,
    request: &Request,
) -> Result<Route, RouteRefusal> {
    let dialled_text = dialled_user(request);
    let internal = |destination, to: Arc<str>| Route {
        caller: Caller::User(user.id.clone()),
        destination,
        from_number: Some(user.sip_username.clone()),
        to_number: Some(to),
    };
    if let Some(callee) = directory.user_by_sip_username(&dialled_text) {
        let to = callee.sip_username.clone();
        return Ok(internal(Destination::User(callee.id.clone()), to));
    }
    if let Some(code) = config.codes.of_user(&dialled_text, &user.id, directory) {
        let destination = code.map_or(Destination::Unknown, Destination::Code);
        return Ok(internal(destination, Arc::from(dialled_text.as_str())));
    }
    let trunk = config.trunks.iter().find(|trunk| !trunk.outbound.is_empty());
    let country = trunk.and_then(|trunk| trunk.country.as_deref());
    let dialled = Dialled::read(&dialled_text, country);
    let number = match &dialled {
        Dialled::Number(number) => Some(number),
        Dialled::ShortCode(_) => None,
        Dialled::NotANumber => {
            let to = Arc::from(dialled_text.as_str());
            return Ok(internal(Destination::Unknown, to));
        }
    };
    if let Some(own) = number.and_then(|number| directory.number_by_e164(number)) {
        return Ok(match &own.assignment {
            Assignment::User(callee) => {
                let name = directory.user(callee).map(|callee| callee.sip_username.clone());
                let to = name.unwrap_or_else(|| Arc::from(own.e164.as_str()));
                internal(Destination::User(callee.clone()), to)
            }
            Assignment::Group(..) => {
                let to = Arc::from(own.e164.as_str());
                internal(Destination::Group(own.id.clone()), to)
            }
        });
    }
    let caller_id = caller_id(directory, &user.id, country, request)?;
    let trunk = trunk.ok_or(RouteRefusal::NoTrunk)?;
    let dialled_as: Arc<str> = match number {
        Some(number) => Arc::from(number.as_str()),
        None => Arc::from(dialled_text.as_str()),
    };
    let shown = directory.number(&caller_id).map(|number| Arc::from(number.e164.as_str()));
    Ok(Route {
        caller: Caller::User(user.id.clone()),
        destination: Destination::Outside {
            number: number.cloned(),
            dialled: dialled_as.clone(),
            caller_id,
            trunk: trunk.name.clone(),
        },
        from_number: shown,
        to_number: Some(dialled_as),
    })
}

/// Routes an INVITE with Replaces that an authenticated user sent.
pub(crate) fn in_place_of(leg: LegId, user: &User, request: &Request) -> Route {
    Route {
        caller: Caller::User(user.id.clone()),
        destination: Destination::Code(Code::Control(Control::Replace(leg))),
        from_number: Some(user.sip_username.clone()),
        to_number: Some(Arc::from(dialled_user(request))),
    }
}

/// The Caller ID: `X-Caller-Number` if it is a number of the user or of one of his groups, else
/// the user's default number.
fn caller_id(
    directory: &Directory,
    user: &UserId,
    country: Option<&str>,
    request: &Request,
) -> Result<NumberId, RouteRefusal> {
    let Some(wanted) = request.headers().text(HeaderName::Other("X-Caller-Number")) else {
        let number = directory.default_number_of_user(user).ok_or(RouteRefusal::CallerId)?;
        return Ok(number.id.clone());
    };
    let Dialled::Number(wanted) = Dialled::read(wanted.trim(), country) else {
        return Err(RouteRefusal::CallerId);
    };
    let number = directory.number_by_e164(&wanted).ok_or(RouteRefusal::CallerId)?;
    if may_show(directory, user, number) {
        Ok(number.id.clone())
    } else {
        Err(RouteRefusal::CallerId)
    }
}

/// Whether a user has a number with which he can call outside, his own or one of his groups'.
pub(crate) fn may_call_outside(directory: &Directory, user: &UserId) -> bool {
    directory.default_number_of_user(user).is_some()
        || directory.numbers().any(|number| may_show(directory, user, number))
}

/// Whether a user may show this number: his own, or one of his groups'.
pub(crate) fn may_show(directory: &Directory, user: &UserId, number: &Number) -> bool {
    match &number.assignment {
        Assignment::User(owner) => owner == user,
        Assignment::Group(group, _) => {
            directory.group(group).is_some_and(|group| group.members.contains(user))
        }
    }
}

/// The user part of the Request-URI, unescaped and without user parameters; a `tel:` URI is its
/// number.
pub(crate) fn dialled_user(request: &Request) -> String {
    let Ok(uri) = request.uri() else {
        return String::new();
    };
    let user = match uri.user_unescaped() {
        Some(user) => user.into_owned(),
        None => {
            let text = uri.to_string();
            text.strip_prefix("tel:").unwrap_or_default().to_owned()
        }
    };
    match user.split_once(';') {
        Some((user, _)) => user.to_owned(),
        None => user,
    }
}

fn to_number(dialled: &Dialled, text: &str) -> Option<Arc<str>> {
    match dialled {
        Dialled::Number(number) => Some(Arc::from(number.as_str())),
        Dialled::ShortCode(code) => Some(code.clone()),
        Dialled::NotANumber => (!text.is_empty()).then(|| Arc::from(text)),
    }
}

/// Who a trunk says the caller is.
struct Identity {
    /// User part of the asserted or shown address; `None`: withheld.
    shown: Option<String>,
    display: Option<String>,
}

/// P-Asserted-Identity from a trunk, else From; `anonymous` and `Privacy: id` withhold it.
fn caller_identity(request: &Request) -> Identity {
    let headers = request.headers();
    let withheld = Identity { shown: None, display: None };
    if headers.privacy().any(|value| matches!(value, "id" | "user" | "full")) {
        return withheld;
    }
    let asserted = headers.p_asserted_identity().unwrap_or_default();
    let Some(address) = asserted.into_iter().next().or_else(|| headers.from().ok()) else {
        return withheld;
    };
    let shown = shown_user(&address);
    let anonymous = shown.as_deref().is_none_or(|user| user.eq_ignore_ascii_case("anonymous"));
    let host = address.uri.host.to_string();
    if anonymous || host.eq_ignore_ascii_case("anonymous.invalid") {
        return withheld;
    }
    Identity { shown, display: address.display.filter(|name| !name.trim().is_empty()) }
}

fn shown_user(address: &NameAddr) -> Option<String> {
    let user = match address.uri.user_unescaped() {
        Some(user) => user.into_owned(),
        None => address.uri.to_string().strip_prefix("tel:")?.to_owned(),
    };
    let user = user.split(';').next().unwrap_or_default().to_owned();
    (!user.is_empty()).then_some(user)
}
