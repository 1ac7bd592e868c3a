//! Challenges to requests of ours (RFC 3261 22.2, 22.3).
//!
//! Guarantees that a realm is answered once, and once more when it calls the nonce stale; that
//! the retry has the next CSeq number; and that inside a dialog only the realm the INVITE was
//! authenticated for is answered, so that a peer cannot have our credentials computed for
//! another one.

use std::time::Duration;

use super::{
    UserAgentCore,
    events::UaOutput,
    sending::{Purpose, Sending},
};
use crate::{
    auth::{self, Challenge, Credentials},
    message::{HeaderName, Response},
};

/// Most realms that one request answers.
const REALM_LIMIT: usize = 4;

/// What has been answered for one request.
#[derive(Debug, Default)]
pub(super) struct Answered {
    realms: Vec<Realm>,
}

#[derive(Debug)]
struct Realm {
    name: String,
    nonce: String,
    stale_answered: bool,
}

impl Sending {
    /// The credentials for later requests of the dialog, bound to the realm that took them.
    pub(super) fn pinned_credentials(&self) -> Option<Credentials> {
        let credentials = self.credentials.as_ref()?;
        let realm = match &credentials.realm {
            Some(realm) => realm.clone(),
            None => self.answered.realms.first()?.name.clone(),
        };
        Some(Credentials { realm: Some(realm), ..credentials.clone() })
    }
}

impl Answered {
    /// Whether this challenge may be answered; notes that it is.
    fn admit(&mut self, challenge: &Challenge) -> bool {
        let limit = self.realms.len() >= REALM_LIMIT;
        match self.realms.iter_mut().find(|realm| realm.name == challenge.realm) {
            Some(realm) => {
                let fresh = challenge.nonce != realm.nonce;
                let again = challenge.stale && fresh && !realm.stale_answered;
                if again {
                    realm.stale_answered = true;
                    realm.nonce.clone_from(&challenge.nonce);
                }
                again
            }
            None if limit => false,
            None => {
                self.realms.push(Realm {
                    name: challenge.realm.clone(),
                    nonce: challenge.nonce.clone(),
                    stale_answered: false,
                });
                true
            }
        }
    }
}

impl UserAgentCore {
    /// Answers a 401 or 407 by sending the request again; `false` when it is left to the user.
    pub(super) fn answer_challenge(
        &mut self,
        now: Duration,
        id: u64,
        response: &Response,
        out: &mut Vec<UaOutput>,
    ) -> bool {
        let (asks, answers) = match response.status().code() {
            401 => (HeaderName::WwwAuthenticate, "Authorization"),
            407 => (HeaderName::ProxyAuthenticate, "Proxy-Authorization"),
            _ => return false,
        };
        let Some(sending) = self.sendings.get_mut(&id) else {
            return false;
        };
        let (Some(credentials), Some((_, flow))) = (&sending.credentials, sending.current) else {
            return false;
        };
        let challenges: Vec<Challenge> = response.headers().challenges(asks).collect();
        let Some(challenge) = auth::choose(&challenges, credentials) else {
            return false;
        };
        let cnonce = self.tokens.token().to_string();
        let draft = &mut sending.draft;
        let Some(answer) =
            auth::answer(challenge, credentials, &draft.method, &draft.request_uri, &cnonce, 1)
        else {
            return false;
        };
        if !sending.answered.admit(challenge) {
            return false;
        }
        draft.authorization.retain(|(name, value)| {
            *name != answers
                || auth::Authorization::parse(value.as_bytes())
                    .is_none_or(|old| old.realm != challenge.realm)
        });
        draft.authorization.push((answers, answer.to_string()));
        draft.cseq += 1;
        let purpose = sending.purpose;
        if let Purpose::ReInvite(_, dialog)
        | Purpose::Bye(dialog)
        | Purpose::Request(_, Some(dialog)) = purpose
            && let Some(dialog) = self.dialogs.get_mut(&dialog)
        {
            sending.draft.cseq = dialog.next_cseq();
        }
        if let Purpose::Invite(invite) = purpose {
            self.forget_early(now, invite, out);
        }
        if !self.send(now, id, flow, out) {
            self.finish(now, id, 503, None, out);
        }
        true
    }
}
