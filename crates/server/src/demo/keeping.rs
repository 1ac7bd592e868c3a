//! `--keep`: the server stays, and a person can join in with a softphone.

use std::io::Write;

use super::directory::DemoDirectory;
use super::host::{DOMAIN, Host};
use super::report::Paint;
use crate::failure::Failure;

/// Tells how to register and where everything is, and waits for Ctrl-C.
pub(super) async fn keep(
    host: &Host,
    directory: &DemoDirectory,
    paint: Paint,
    out: &mut impl Write,
) -> Result<(), Failure> {
    host.be_patient(directory).await?;
    let (sip, http) = (host.sip(), host.ready().http);
    writeln!(out, "\n{}\n", paint.bold("The server stays. Register a softphone and join in:"))?;
    writeln!(out, "  domain      {DOMAIN}")?;
    writeln!(out, "  proxy       {}, port {} (UDP); outbound proxy on", sip.ip(), sip.port())?;
    for user in &directory.content.users {
        let password = user.sip_password.as_deref().unwrap_or("–");
        let (name, display) = (&user.sip_username, &user.display_name);
        writeln!(out, "  user        {name:<4} password {password:<12} {display}")?;
    }
    writeln!(out, "  then dial   ben, cat … or +15550200001 (Sales), +15550200003 (Support)")?;
    writeln!(out)?;
    writeln!(out, "  listeners   {}", host.ready())?;
    writeln!(out, "  health      http://{http}/readyz   metrics  http://{http}/metrics")?;
    writeln!(out, "  database    {}", host.database_file().display())?;
    writeln!(out, "\n{}", paint.dim("Ctrl-C stops the server and removes its folder."))?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    writeln!(out)?;
    Ok(())
}
