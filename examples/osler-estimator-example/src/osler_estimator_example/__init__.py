"""An estimator for Osler, as a third party would write it."""
