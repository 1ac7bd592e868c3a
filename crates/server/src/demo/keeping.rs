//! `--keep`: the server stays, and a person can join in with a softphone. The phones of the story
//! stay too, so that there is somebody to talk with.

use std::io::Write;
use std::time::Duration;

use phone::{Behaviour, PhoneEvent};

use super::directory::DemoDirectory;
use super::host::{DOMAIN, Host};
use super::phones::{Cast, Handle, News, OUTSIDE, Order};
use super::report::Paint;
use crate::failure::Failure;

/// The user whom a person can be: the demo gives the registration back.
const YOU: &str = "ana";

/// How long the others ring: long enough to be first in a group.
const RING: Duration = Duration::from_secs(4);

/// Longer than the tone.
const TONE: Duration = Duration::from_secs(5);

/// Longer than anybody leaves a demo alone.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);

/// Tells how to register and where everything is, and waits for Ctrl-C.
pub(super) async fn keep(
    host: &Host,
    directory: &DemoDirectory,
    mut cast: Cast,
    paint: Paint,
    out: &mut impl Write,
) -> Result<(), Failure> {
    host.be_patient(directory).await?;
    if let Some(mut yours) = cast.remove(YOU) {
        yours.begin();
        yours.order(Order::Unregister).await;
        let gone = |news: &News| matches!(news, News::Event(PhoneEvent::Unregistered));
        yours.until(TONE, gone).await;
    }
    let names: Vec<&str> = cast.keys().filter(|name| !OUTSIDE.contains(name)).copied().collect();
    let partners = names.join(", ");
    for handle in cast.into_values() {
        tokio::spawn(be_partner(handle));
    }
    tell(host, directory, &partners, paint, out)?;
    tokio::signal::ctrl_c().await?;
    writeln!(out)?;
    Ok(())
}

fn tell(
    host: &Host,
    directory: &DemoDirectory,
    partners: &str,
    paint: Paint,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let (sip, http) = (host.sip(), host.ready().http);
    let (password, ring) = (directory.password(YOU).unwrap_or("–"), RING.as_secs());
    writeln!(out, "\n{}\n", paint.bold("The server stays. Register a softphone and join in"))?;
    writeln!(out, "  user       {YOU}")?;
    writeln!(out, "  password   {password}")?;
    writeln!(out, "  domain     {DOMAIN}")?;
    writeln!(out, "  proxy      {sip} (UDP), used as outbound proxy: the domain is in no DNS")?;
    writeln!(out, "  dial       {partners}: they answer after {ring} s and say a tone of 2 s")?;
    writeln!(out, "             +15550200001 Sales (you are in it), +15550200003 Support")?;
    writeln!(out, "             +15550200007 Care: greets, and records what is said")?;
    writeln!(out, "             +15557770002 or any other number: outside, through the trunk")?;
    writeln!(out, "  others     every user's password is NAME-secret, e.g. mia-secret")?;
    writeln!(out)?;
    writeln!(out, "  health     http://{http}/readyz")?;
    writeln!(out, "  metrics    http://{http}/metrics")?;
    writeln!(out, "  API        http://{http}/api/v1/openapi.json")?;
    let file = host.database_file().with_file_name("tandem.toml");
    writeln!(out, "  key        tandem key --config {} create --name me --admin", file.display())?;
    writeln!(out, "  database   {}", host.database_file().display())?;
    writeln!(out, "\n{}", paint.dim("Ctrl-C stops the server and removes its folder."))?;
    out.flush()
}

/// Answers, says the tone and hangs up, again and again.
async fn be_partner(mut handle: Handle) {
    handle.order(Order::Behave(Behaviour::AnswerAfter(RING))).await;
    loop {
        handle.seen.clear();
        if !handle.until(FOR_EVER, is_answered).await {
            return;
        }
        handle.order(Order::Speak).await;
        handle.until(TONE, |news| *news == News::Spoke || is_ended(news)).await;
        handle.order(Order::HangUp).await;
        handle.until(TONE, is_ended).await;
    }
}

fn is_answered(news: &News) -> bool {
    matches!(news, News::Event(PhoneEvent::Answered { .. }))
}

fn is_ended(news: &News) -> bool {
    matches!(news, News::Event(PhoneEvent::Ended { .. }))
}
