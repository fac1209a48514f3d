//! `dialtone`: the program. Reads the command line and hands over to the shell.

fn main() {}
