//! The tests that take the whole product: the simulation, SIPp and sound. All are built in one
//! cargo call together with the release binary, so that nothing is compiled for one of them alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::cargo::{build, root, succeed};
use crate::debian;

/// How many seeds `cargo xtask ci` runs.
pub(crate) const CI_SEEDS: u64 = 500;

/// Which runs of the simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seeds {
    /// This one, with its ladder.
    One(u64),
    /// The seeds from 0 on.
    First(u64),
}

/// The release binary and the tests that use it.
pub(crate) struct Built(BTreeMap<String, PathBuf>);

impl Built {
    /// Builds, or finds that everything is up to date.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let packages = ["--release", "--package=server", "--package=e2e"];
        let targets = ["--bin=tandem", "--test=sim", "--test=sipp", "--test=media"];
        Ok(Self(build(&[&packages[..], &targets[..]].concat())?))
    }

    /// `target/release/tandem`.
    pub(crate) fn server(&self) -> anyhow::Result<&Path> {
        self.executable("tandem")
    }

    /// Runs the simulation: the test reads `SIM_SEED` or `SIM_SEEDS`.
    pub(crate) fn sim(&self, seeds: Seeds) -> anyhow::Result<()> {
        let mut test = self.test("sim")?;
        match seeds {
            // The named cases have no seed, and two ladders at once cannot be read.
            Seeds::One(seed) => test
                .args(["seeds", "--nocapture", "--test-threads=1"])
                .env("SIM_SEED", seed.to_string()),
            Seeds::First(count) => test.env("SIM_SEEDS", count.to_string()),
        };
        succeed(&mut test)
    }

    /// Runs the SIPp scenarios, each a test of its own; they read `TANDEM_BIN`.
    pub(crate) fn sipp(&self, name: Option<&str>) -> anyhow::Result<()> {
        let mut test = self.test("sipp")?;
        // The scenarios mostly wait for each other's people, not for processors.
        test.env("TANDEM_BIN", self.server()?).arg("--test-threads=6");
        if let Some(name) = name {
            // Dashes in a scenario's folder are underscores in its test.
            let filter = name.replace('-', "_");
            let listed = self.test("sipp")?.args(["--list", &filter]).output()?;
            let known = String::from_utf8_lossy(&listed.stdout).contains(": test");
            anyhow::ensure!(known, "no scenario is named `{name}`");
            test.args([filter.as_str(), "--nocapture"]);
        }
        succeed(&mut test)
    }

    /// Runs the tests of sound, which read `TANDEM_BIN`.
    pub(crate) fn media(&self, name: Option<&str>) -> anyhow::Result<()> {
        let mut test = self.test("media")?;
        // Each has a dozen phones that speak and listen in real time: two at once on a small
        // machine would measure each other.
        test.env("TANDEM_BIN", self.server()?).args(["--test-threads=1"]);
        if let Some(name) = name {
            test.args([name, "--nocapture"]);
        }
        succeed(&mut test)
    }

    /// The test runs where `cargo test` would run it: in its package's folder.
    fn test(&self, name: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(self.executable(name)?);
        let package = root().join("tests");
        command.current_dir(&package).env("CARGO_MANIFEST_DIR", &package);
        Ok(command)
    }

    fn executable(&self, name: &str) -> anyhow::Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).with_context(|| format!("cargo built no `{name}`"))
    }
}

/// `cargo xtask sim`.
pub(crate) fn sim(seeds: Seeds) -> anyhow::Result<()> {
    Built::new()?.sim(seeds)
}

/// `cargo xtask media`.
pub(crate) fn media(name: Option<&str>) -> anyhow::Result<()> {
    Built::new()?.media(name)
}

/// `cargo xtask sipp`.
pub(crate) fn sipp(name: Option<&str>) -> anyhow::Result<()> {
    debian::provide_for_ci()?;
    Built::new()?.sipp(name)
}
