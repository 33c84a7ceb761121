//! Ctrl-C, and being told to end: counted, so that the first asks and the second insists.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

/// Exit code of a process that the user stopped, as shells have it (128 + SIGINT).
pub const INTERRUPTED: u8 = 130;

/// How often the user asked this process to stop; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Interrupts {
    count: Arc<AtomicU32>,
    heeded: Arc<AtomicBool>,
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
            if seen.heeded.load(Ordering::SeqCst) {
                seen.add();
            } else {
                std::process::exit(i32::from(INTERRUPTED));
            }
        })?;
        Ok(interrupts)
    }

    /// Says that somebody looks at the count until the guard is dropped.
    pub fn heed(&self) -> Heeding {
        self.heeded.store(true, Ordering::SeqCst);
        Heeding(self.clone())
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
        self.0.heeded.store(false, Ordering::SeqCst);
    }
}
