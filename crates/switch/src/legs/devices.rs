//! Which of a user's registered telephones is which device of his (F3, F7): by the `+sip.instance`
//! of its Contact (RFC 5626), else by the beginning of its User-Agent. Both are kept with the
//! binding, so a device is known after a restart as well.

use call::port::Devices;
use model::directory::{Device, DeviceKind, User};
use sip::registrar::Binding;

/// Whether a telephone rings when these devices of the user do.
pub(crate) fn rings(user: &User, devices: &Devices, binding: &Binding) -> bool {
    match devices {
        Devices::All => true,
        Devices::Only(id) => user.device(id).is_some_and(|device| is(device, binding)),
    }
}

/// Whether groups can ring a user who has registered these telephones: on the device that he named
/// for it, else on any. A number outside can always be dialled.
pub(crate) fn can_be_offered<'a>(
    user: &User,
    mut bindings: impl Iterator<Item = &'a Binding>,
) -> bool {
    let receiver = user.acd_receiver.as_deref().and_then(|id| user.device(id));
    match receiver {
        Some(device) if device.kind == DeviceKind::Number => true,
        Some(device) => bindings.any(|binding| is(device, binding)),
        None => bindings.next().is_some(),
    }
}

fn is(device: &Device, binding: &Binding) -> bool {
    let DeviceKind::Sip = device.kind else {
        return false;
    };
    if let Some(wanted) = &device.instance {
        let instance = binding.instance.as_deref();
        return instance.is_some_and(|it| bare(it).eq_ignore_ascii_case(bare(wanted)));
    }
    device.user_agent.as_deref().is_none_or(|wanted| {
        let user_agent = binding.user_agent.as_deref();
        user_agent.is_some_and(|it| it.starts_with(wanted))
    })
}

/// An instance is registered as `<urn:uuid:…>`; directories may leave the brackets out.
fn bare(instance: &str) -> &str {
    instance.trim().trim_start_matches('<').trim_end_matches('>')
}
