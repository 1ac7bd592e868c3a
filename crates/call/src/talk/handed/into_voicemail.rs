//! A transfer that nobody answers and that ends in a mailbox: because the configuration says so, or
//! because who was to be reached passes his calls on there.

use model::UserId;
use model::call_graph::words::TransferState;

use super::into_ivr::{Leads, Place};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::limits::Unanswered;
use crate::port::LegId;
use crate::routing::forward::Next;
use crate::routing::route::Route;
use crate::talk::Talk;
use crate::talk::reaching::Failed;

impl Talk {
    /// Sends the only party that is left where a transfer leads that nobody has answered; the
    /// transfer back where it leads nowhere.
    pub(in crate::talk) fn lead_on(
        &mut self,
        by: &UserId,
        waiting: &[LegId],
        mut failed: Failed,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Failed> {
        let others = self.present.iter().filter(|it| it.is_party()).count();
        if waiting.len() != 1 || others != 1 || self.is_busy() {
            return Err(failed);
        }
        let connection = failed.connection;
        let user = match (failed.next.take(), ctx.settings.transfer.unanswered) {
            (Some(Next::Ivr(ivr)), _) => {
                return failed.into_route().map(|route| {
                    self.notify_final(connection, 200, ctx);
                    let to = Place::Ivr(ivr);
                    self.leads = Some(Leads { by: by.clone(), to, route, is_open: true });
                });
            }
            (Some(Next::Message(user)), _) => user,
            (None, Unanswered::Voicemail) => match failed.called.take() {
                Some(user) => user,
                None => return Err(failed),
            },
            (None, Unanswered::Recall | Unanswered::End) => return Err(failed),
        };
        self.transfer_ended(by, connection, TransferState::Unanswered, basis, ctx);
        let status = failed.end(basis, ctx);
        self.notify_final(connection, status, ctx);
        let (to, route) = (Place::Mailbox(user), Route::default());
        self.leads = Some(Leads { by: by.clone(), to, route, is_open: false });
        Ok(())
    }
}
