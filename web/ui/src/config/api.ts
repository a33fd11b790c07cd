export interface ConfigFile {
  name: string;
  isSame: boolean; // what runs is what is on the disk
  isRunning: boolean;
  isOnDisk: boolean;
  running?: string; // without its secrets, as is
  disk?: string; // only where it differs
}

export interface ConfigAnswer {
  path: string;
  bytes: number;
  hasTexts: boolean;
  files: ConfigFile[];
  unreadable: string[];
}
