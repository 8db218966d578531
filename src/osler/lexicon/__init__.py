"""Clinical words that several engines share: drugs and their classes, abbreviations, synonyms, sentences.

Import from the modules: drugs.py, abbreviations.py, sentences.py. Everything here is text in, values out;
it reads only the data embedded in the package, and judges nothing about a patient.
"""
