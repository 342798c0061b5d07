"""What looks for injections besides the rules and the classifier; each an optional extra or an address to ask."""

from pilotage.guardrails.detectors.protocol import Detector, DetectorFault

__all__ = ["Detector", "DetectorFault"]
