/** Told of every packet by who wants to draw them. It changes nothing. */
export interface PacketListener {
  /** @returns a number for the packet, given back when it arrives */
  sent(from: string, to: string, item: unknown): number;
  /** One that is never told of was lost, cut off, or came to nobody. */
  arrived(packet: number): void;
}

/** Where a listener is put; shared by all ways of a world. */
export interface PacketTap {
  listener: PacketListener | undefined;
}
