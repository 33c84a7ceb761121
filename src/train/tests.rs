//! The engine as a whole: optimisers against stored PyTorch runs, instruments that do not disturb, and resume.
