"""From a link to a video that is ready to label."""
