//! Ctrl-C, and being told to end: counted, so that the first asks and the second insists.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Exit code of a process that the user stopped, as shells have it (128 + SIGINT).
pub const INTERRUPTED: u8 = 130;

/// How often the user asked this process to stop; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Interrupts {
    count: Arc<AtomicU32>,
    /// How many look at the count.
    heeding: Arc<AtomicU32>,
}

impl Interrupts {
    /// Counts from now on. While nobody heeds them, an interrupt ends the process at once, as it would without us.
    ///
    /// - Errors: when this process has a handler already.
    #[expect(
        clippy::disallowed_methods,
        reason = "nobody is there to return an exit code to: it ends as a signal would end it"
    )]
    pub fn install() -> Result<Self, ctrlc::Error> {
        let interrupts = Self::default();
        let seen = interrupts.clone();
        ctrlc::set_handler(move || {
            if seen.is_heeded() {
                seen.add();
            } else {
                std::process::exit(i32::from(INTERRUPTED));
            }
        })?;
        Ok(interrupts)
    }

    /// Says that somebody looks at the count until the guard is dropped; guards may overlap.
    pub fn heed(&self) -> Heeding {
        self.heeding.fetch_add(1, Ordering::SeqCst);
        Heeding(self.clone())
    }

    /// Whether somebody looks at the count.
    pub fn is_heeded(&self) -> bool {
        self.heeding.load(Ordering::SeqCst) > 0
    }

    /// One more.
    pub fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::SeqCst)
    }
}

/// While this lives, interrupts are counted and do not end the process.
#[must_use = "interrupts are heeded only while this lives"]
#[derive(Debug)]
pub struct Heeding(Interrupts);

impl Drop for Heeding {
    fn drop(&mut self) {
        self.0.heeding.fetch_sub(1, Ordering::SeqCst);
    }
}
