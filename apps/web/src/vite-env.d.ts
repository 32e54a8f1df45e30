/** Whether this build carries the scripted core that development and tests run on. */
declare const __SCRIPTED_CORE__: boolean;
