"""DCA, the Data and Context Agent: from a trigger to an AppContext."""
