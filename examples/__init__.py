"""Short programs that show what one can do with `covid_core`, each in one file."""
