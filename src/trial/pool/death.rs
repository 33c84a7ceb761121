//! How a child process died.

use std::{path::Path, process::ExitStatus};

use crate::trial::folder;

/// Lines of a dead child's log that are shown.
const LOG_LINES: usize = 5;

/// How, in words that follow `the run`.
pub fn how_it_died(status: ExitStatus) -> String {
    match (signal(status), status.code()) {
        (Some(number), _) => format!("was killed by {}", signal_name(number)),
        (None, Some(code)) => format!("ended with exit code {code} and without an outcome"),
        (None, None) => "ended without an exit code".to_owned(),
    }
}

/// The end of its log, in words that follow how it died; empty where it said nothing.
pub fn last_words(dir: &Path) -> String {
    let log = folder::log_tail(dir, LOG_LINES);
    if log.is_empty() { String::new() } else { format!("; the end of its log:\n  {}", log.join("\n  ")) }
}

/// The signal that killed it.
#[cfg(unix)]
pub fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The signal that killed it: there are none.
#[cfg(not(unix))]
pub fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Name of a signal whose number is the same on all systems we build for.
fn signal_name(number: i32) -> String {
    match number {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        3 => "SIGQUIT".to_owned(),
        4 => "SIGILL".to_owned(),
        6 => "SIGABRT".to_owned(),
        8 => "SIGFPE".to_owned(),
        9 => "SIGKILL".to_owned(),
        11 => "SIGSEGV".to_owned(),
        13 => "SIGPIPE".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}
