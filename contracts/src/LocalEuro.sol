// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// The token of development chains: six decimals, permit, minted at will by its deployer. It is worth nothing.
contract LocalEuro is ERC20, ERC20Permit {
    /// Only the deployer mints.
    error NotMinter(address caller);

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    address public immutable minter = msg.sender;

    constructor() ERC20("Local Euro", "LEUR") ERC20Permit("Local Euro") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// A permit that a contract wallet signs (EIP-1271), as some tokens of payment houses take it.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        bytes32 structHash = keccak256(abi.encode(PERMIT, owner, spender, value, _useNonce(owner), deadline));
        if (!SignatureChecker.isValidSignatureNowCalldata(owner, _hashTypedDataV4(structHash), signature)) {
            revert ERC2612InvalidSigner(address(0), owner);
        }
        _approve(owner, spender, value);
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        _mint(to, amount);
    }
}
